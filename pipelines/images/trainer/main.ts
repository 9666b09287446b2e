/** The container's process: `node trainer/main.ts <command> [--name value ...]` with root /opt/ml. */
import { parseCommandLine, runCommand } from './commands.ts';

const { command, arguments: rest } = parseCommandLine(process.argv.slice(2));
const environment = Object.fromEntries(
  Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
);
const result = await runCommand(command, {
  root: '/opt/ml',
  arguments: rest,
  environment,
  log: (line) => console.log(line),
});
process.exitCode = result.exitCode;
