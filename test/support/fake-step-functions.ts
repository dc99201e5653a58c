/** The two calls that a recovery makes, over a map of executions that the test provides. */
export interface FakeStepFunctions {
  /** Statuses by ARN. An exception's name is thrown. */
  readonly executions: Map<string, string>;
  /** What was started, in order. A second start under one name is refused and not listed. */
  readonly started: { readonly name: string; readonly input: string }[];
  send(command: {
    readonly constructor: { readonly name: string };
    readonly input: Readonly<Record<string, unknown>>;
  }): Promise<unknown>;
  clear(): void;
}

function named(name: string): Error {
  return Object.assign(new Error(name), { name });
}

/** A fake that knows no execution until one is started or set. */
export function fakeStepFunctions(): FakeStepFunctions {
  const executions = new Map<string, string>();
  const started: { name: string; input: string }[] = [];
  return {
    executions,
    started,
    async send({ constructor, input }) {
      if (constructor.name === 'DescribeExecutionCommand') {
        const arn = String(input['executionArn']);
        if (!arn.startsWith('arn:')) throw named('InvalidArn');
        const status = executions.get(arn);
        if (status === undefined) throw named('ExecutionDoesNotExist');
        if (status.endsWith('Exception')) throw named(status);
        return { status };
      }
      const { stateMachineArn, name, input: text } = input as Readonly<Record<string, string>>;
      const arn = `${stateMachineArn?.replace(':stateMachine:', ':execution:')}:${name}`;
      if (executions.has(arn)) throw named('ExecutionAlreadyExists');
      executions.set(arn, 'RUNNING');
      started.push({ name: name ?? '', input: text ?? '' });
      return { executionArn: arn };
    },
    clear() {
      executions.clear();
      started.splice(0);
    },
  };
}
