/** What a child process is told. */
export type HostRequest =
  | {
      readonly kind: 'load';
      readonly modulePath: string;
      readonly exportName: string;
      readonly functionArn: string | undefined;
    }
  | { readonly kind: 'call'; readonly payload: unknown };

/** What a child process answers. */
export type HostAnswer =
  | { readonly kind: 'loaded'; readonly millis: number; readonly cpuMillis: number }
  | { readonly kind: 'done'; readonly result: unknown; readonly spent: Spent }
  | { readonly kind: 'failed'; readonly message: string };

/** What a call has cost its process. */
export interface Spent {
  /** All threads, user and system. */
  readonly cpuMicros: number;
  /** HTTP requests begun. */
  readonly requests: number;
  /** Highest resident memory of the process so far. */
  readonly peakMegabytes: number;
}
