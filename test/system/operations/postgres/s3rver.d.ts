declare module 's3rver' {
  /** An S3 server for tests; it knows the one key S3RVER with the secret S3RVER. */
  export default class S3rver {
    constructor(options: {
      readonly address: string;
      readonly port: number;
      readonly silent: boolean;
      readonly directory: string;
      /** With both it speaks HTTPS; in PEM. */
      readonly key?: Buffer;
      readonly cert?: Buffer;
      readonly configureBuckets: readonly { readonly name: string; readonly configs: readonly string[] }[];
    });
    run(): Promise<{ readonly port: number }>;
    close(): Promise<void>;
  }
}
