import { afterEach, describe, expect, it, vi } from 'vitest';
import { recordingTerminal } from './recording-terminal.ts';

describe('a line to standard error', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('clears the bar that is being drawn, so that nothing of it stands behind the words', () => {
    vi.stubEnv('CI', undefined);
    vi.stubEnv('TERM', 'xterm');
    const { terminal, text } = recordingTerminal({ isTTY: true });
    terminal.complain('Stopping ...');
    expect(text()).toBe('\r\u001b[KStopping ...\n');
  });

  it('is plain where no line is redrawn', () => {
    const { terminal, text } = recordingTerminal();
    terminal.complain('Stopping ...');
    expect(text()).toBe('Stopping ...\n');
  });
});
