/** A message that the compiler shows in place of a type. */
export interface RunbookTypeError<Message extends string> {
  readonly [unspeakable]: Message;
}
declare const unspeakable: unique symbol;
