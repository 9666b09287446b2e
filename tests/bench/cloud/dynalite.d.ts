/** The part of dynalite 4 that the bench uses; the package has no types of its own. */
declare module 'dynalite' {
  import { type Server } from 'node:http';

  /** @param options.createTableMs milliseconds for which a new table is CREATING */
  export default function dynalite(options: { readonly createTableMs: number }): Server;
}
