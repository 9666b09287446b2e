/** An empty cloud on a loopback port whose clock follows the machine's. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LaptopCloud } from '../../local/cloud.ts';
import { newPacer } from '../../local/kernel/pacer.ts';
import { listen } from '../../local/port.ts';
import { newEchoCloud } from '../integration/protocols/stories.ts';

export interface ServedCloud {
  readonly cloud: LaptopCloud;
  /** For instance `http://127.0.0.1:40123`. */
  readonly url: string;
  /** Rejects when the laptop cloud itself fails; resolves after `close`. */
  readonly pacing: Promise<void>;
  close(): Promise<void>;
}

/** @param virtualSecondsPerSecond how fast the cloud's time goes */
export async function serve(virtualSecondsPerSecond: number): Promise<ServedCloud> {
  const scratchDirectory = mkdtempSync(join(tmpdir(), 'aws-cli-'));
  const cloud = newEchoCloud(scratchDirectory);
  const pacer = newPacer(cloud.kernel, { virtualSecondsPerSecond });
  const pacing = pacer.start();
  const { server, port } = await listen(cloud.gateway, cloud.kernel.inFlight, 0);
  return {
    cloud,
    url: `http://127.0.0.1:${port}`,
    pacing,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await pacer.stop();
      rmSync(scratchDirectory, { recursive: true, force: true });
    },
  };
}
