/** What a worker is told when it is made. */
export interface WorkerSetup {
  readonly modulePath: string;
  readonly exportName: string;
}

/** One call, to the worker. */
export interface InvokeMessage {
  readonly requestId: string;
  /** JSON. */
  readonly payload: string;
  /** Milliseconds of the time limit. */
  readonly limitMillis: number;
  readonly functionName: string;
  readonly functionArn: string;
  readonly memoryMegabytes: number;
}

/** The error form of the Lambda API: what a failed function's payload is. */
export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

/** From the worker: its code is loaded, whether that worked or not; the handler is about to be called, has returned JSON, or has failed. */
export type WorkerMessage =
  | { readonly kind: 'loaded' }
  | { readonly kind: 'started' }
  | { readonly kind: 'result'; readonly payload: string }
  | { readonly kind: 'error'; readonly error: FunctionError }
  /** The process would have ended: an error that nobody caught. */
  | { readonly kind: 'crash'; readonly error: FunctionError };
