import { describe, expect, it } from 'vitest';
import { FENCE, type Protocol, type Scenario, search } from './search.ts';

const protocol: Protocol = {
  claimsFirst: true,
  remembersTakeover: true,
  notesDoubt: true,
  notesLate: true,
  fence: FENCE,
};
const scenarios: readonly Scenario[] = ['commit', 'resume', 'roll back'];

describe('the claim protocol, in every order of events', () => {
  it.each(scenarios)('lets no request land after the decision: %s', (scenario) => {
    const { isBroken, states, decisions } = search(scenario, protocol);
    expect({ isBroken }).toEqual({ isBroken: false });
    expect(states).toBeGreaterThan(1_000);
    expect(decisions).toBeGreaterThan(10);
  });

  it.each<readonly [string, Scenario, Partial<Protocol>]>([
    ['the run is read before the claim is written', 'roll back', { claimsFirst: false }],
    ['the run is read before the claim is written', 'resume', { claimsFirst: false }],
    ['a claim that was taken over is forgotten', 'commit', { remembersTakeover: false }],
    ['a request without an answer is forgotten', 'commit', { notesDoubt: false }],
    ['it is forgotten where another call has taken over', 'commit', { notesLate: false }],
    ['the fence is a tick short', 'roll back', { fence: FENCE - 1 }],
    ['the fence is a tick short', 'commit', { fence: FENCE - 1 }],
  ])('breaks when %s: %s', (_what, scenario, change) => {
    expect(search(scenario, { ...protocol, ...change }).isBroken).toBe(true);
  });
});
