/** Plays story 1 with the packaged bundles in child processes. Prints `{ rooms, processes, report }` on stdout. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Stage } from '../../local/launch/rehearsal/stage.ts';
import { STORIES } from '../../local/launch/rehearsal/stories.ts';
import { currentTemplate } from '../../local/launch/template.ts';
import { openWorld } from '../../local/launch/world.ts';
import { listen } from '../../local/port.ts';
import { type BundleRuntime, bundleFunctions, newBundleRuntime } from '../support/bundle-runtime.ts';

const bundles = mkdtempSync(join(tmpdir(), 'switchyard-bundles-'));
const rooms = await bundleFunctions(bundles);
let port = 0;
let runtime: BundleRuntime | undefined;
const world = await openWorld({
  seed: 1,
  startMs: Date.UTC(2026, 0, 5, 22),
  template: currentTemplate('dev'),
  lambdaRuntime: (cloud) => (runtime = newBundleRuntime(cloud, bundles, () => port)),
});
const listening = await listen(world.cloud.gateway, world.cloud.kernel.inFlight, 0);
port = listening.port;
try {
  const played = await STORIES[0]!.play(new Stage(world));
  const { outcome, reason } = played;
  const callers = new Set([...world.cloud.calls.values()].map((call) => call.caller));
  process.stdout.write(
    JSON.stringify({ rooms, processes: runtime?.started() ?? 0, outcome, reason, callers: [...callers] }),
  );
} finally {
  runtime?.stop();
  listening.server.close();
  listening.server.closeAllConnections();
  world.close();
  rmSync(bundles, { recursive: true, force: true });
}
process.exit();
