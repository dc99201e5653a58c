import type { ReportView } from '../collect-report.ts';

export function renderReport(view: ReportView): string {
  return `<pre>${JSON.stringify(view.report).replaceAll('<', '&lt;')}</pre>`;
}
