/** CloudWatch's embedded metric format (EMF): metrics inside a JSON log line. */
import type { MetricData } from '../kernel/service.ts';

interface Directive {
  readonly Namespace?: unknown;
  readonly Dimensions?: unknown;
  readonly Metrics?: unknown;
}

function numbersOf(value: unknown): { values: number[]; counts?: number[] } | undefined {
  if (typeof value === 'number') return { values: [value] };
  if (Array.isArray(value) && value.every((item) => typeof item === 'number')) return { values: value };
  const pair = value as { Values?: unknown; Counts?: unknown } | null | undefined;
  if (pair && typeof pair === 'object' && Array.isArray(pair.Values)) {
    const counts = Array.isArray(pair.Counts) ? (pair.Counts as number[]) : undefined;
    return { values: pair.Values as number[], ...(counts ? { counts } : {}) };
  }
  return undefined;
}

function dimensionsOf(
  document: Readonly<Record<string, unknown>>,
  names: readonly unknown[],
): Record<string, string> | undefined {
  const entries = names.map((name) => [String(name), document[String(name)]] as const);
  // The specification drops a dimension set whose target members are missing.
  if (entries.some(([, value]) => value === undefined || value === null || typeof value === 'object')) return undefined;
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value as string | number | boolean)]));
}

function ofDirective(
  document: Readonly<Record<string, unknown>>,
  directive: Directive,
  timestampMs: number,
): MetricData[] {
  if (typeof directive.Namespace !== 'string' || !Array.isArray(directive.Metrics)) return [];
  const namespace = directive.Namespace;
  const sets = Array.isArray(directive.Dimensions) ? (directive.Dimensions as unknown[][]) : [[]];
  const found: MetricData[] = [];
  for (const set of sets.length > 0 ? sets : [[]]) {
    const dimensions = dimensionsOf(document, set);
    if (!dimensions) continue;
    for (const metric of directive.Metrics as { Name?: unknown; Unit?: unknown }[]) {
      const numbers = numbersOf(document[String(metric.Name)]);
      if (!numbers) continue;
      const unit = typeof metric.Unit === 'string' ? { unit: metric.Unit } : {};
      found.push({ namespace, name: String(metric.Name), dimensions, ...numbers, timestampMs, ...unit });
    }
  }
  return found;
}

/**
 * The metrics in a log line, one entry per metric and dimension set; empty for an ordinary line.
 * As in AWS, what does not follow the format is a log line and nothing else.
 */
export function embeddedMetrics(message: string, eventTimestampMs: number): MetricData[] {
  // Spares the parser the many lines that can't hold any.
  if (!message.includes('"_aws"') || !message.includes('"CloudWatchMetrics"')) return [];
  const start = message.indexOf('{');
  const document = parseObject(message.slice(start));
  const metadata = document?._aws as { CloudWatchMetrics?: unknown; Timestamp?: unknown } | undefined;
  if (!document || !Array.isArray(metadata?.CloudWatchMetrics)) return [];
  const timestampMs = typeof metadata.Timestamp === 'number' ? metadata.Timestamp : eventTimestampMs;
  return (metadata.CloudWatchMetrics as Directive[]).flatMap((directive) =>
    ofDirective(document, directive, timestampMs),
  );
}

/** A JSON object, or undefined when the text is none. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  if (!text.trimStart().startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    // Not JSON: an ordinary line of text.
    return undefined;
  }
}
