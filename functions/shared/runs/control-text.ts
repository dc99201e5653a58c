import type { Asked, Caps, ControlEvent } from '../ledger/run-facts.ts';
import { count, moment } from '../format.ts';
import type { Report } from './report.ts';

/** `assumed-role/Admin/alice` of an ARN. */
const callerName = (arn: string): string => arn.slice(arn.lastIndexOf(':') + 1);

/** `paused since 2026-03-01 12:00:05 UTC by assumed-role/Admin/alice` */
export function pausedText({ at, by }: Asked): string {
  return `paused since ${moment(at)} UTC by ${callerName(by)}`;
}

/** `2026-03-01 12:00:05 UTC: writes capped at 50 units a second, by assumed-role/Admin/alice` */
function controlText(event: ControlEvent): string {
  return `${moment(event.at)} UTC: ${ACTIONS[event.action](event)}, by ${callerName(event.by)}`;
}

/** Every pause and cap that a report lists, a line each, and how many it does not. */
export function controlLines({
  controls = [],
  controlsLeftOut,
}: Pick<Report, 'controls' | 'controlsLeftOut'>): readonly string[] {
  return [...leftOutLine(controlsLeftOut), ...controls.map(controlText)];
}

/** The line of what a list leaves out at its beginning. */
export function leftOutLine(leftOut = 0): readonly string[] {
  return leftOut === 0 ? [] : [`${count(leftOut)} before these`];
}

const ACTIONS: Readonly<Record<ControlEvent['action'], (event: ControlEvent) => string>> = {
  pause: () => 'paused',
  unpause: () => 'pause ended',
  throttle: ({ readUnitsPerSecond, writeUnitsPerSecond }) =>
    capsText({ readUnitsPerSecond, writeUnitsPerSecond }),
};

/** `reads capped at 50 units a second, no cap on writes`; a cap that is absent is left out. */
export function capsText({ readUnitsPerSecond, writeUnitsPerSecond }: Caps): string {
  return [capText('reads', readUnitsPerSecond), capText('writes', writeUnitsPerSecond)]
    .filter((text) => text !== '')
    .join(', ');
}

function capText(what: string, units: number | undefined): string {
  if (units === undefined) return '';
  return units === 0 ? `no cap on ${what}` : `${what} capped at ${units} units a second`;
}
