/** What nobody understands is not lost in silence. */
import { UnknownEvent } from '../domain/flow-errors.ts';

/** @throws UnknownEvent always: the event is refused, counted by its error's name, and kept in the dead-letter queue */
export function refuseEvent(detailType: string, source: string): never {
  throw new UnknownEvent(detailType, source);
}
