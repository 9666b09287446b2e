/** Dashboards: kept and checked for being JSON with widgets; nobody draws them. */
import { AwsError, UnsupportedFeature } from '../kernel/errors.ts';
import type { CloudContext, Operation } from '../kernel/service.ts';
import { pageOffset, pageToken } from './reading.ts';

const PER_PAGE = 1000;

function invalidDashboard(message: string): AwsError {
  return new AwsError('DashboardInvalidInputError', `The field DashboardBody must be a valid JSON object: ${message}`, {
    fields: { dashboardValidationMessages: [{ DataPath: '/', Message: message }] },
  });
}

function checkBody(body: string): void {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch (cause) {
    throw invalidDashboard((cause as Error).message);
  }
  const widgets = (parsed as { widgets?: unknown } | null)?.widgets;
  if (!Array.isArray(widgets)) throw invalidDashboard("Should have required property 'widgets', an array");
  widgets.forEach((widget: { type?: unknown }, index) => {
    if (typeof widget?.type !== 'string')
      throw invalidDashboard(`Widget ${index} should have required property 'type'`);
  });
}

export function dashboardArn(cloud: CloudContext, name: unknown): string {
  return `arn:aws:cloudwatch::${cloud.accountId}:dashboard/${String(name)}`;
}

export function dashboardOperations(cloud: CloudContext): Record<string, Operation> {
  const dashboards = new Map<string, { body: string; modifiedMs: number }>();
  const obtain = (name: string): { body: string; modifiedMs: number } => {
    const dashboard = dashboards.get(name);
    if (!dashboard)
      throw new AwsError('DashboardNotFoundError', `Dashboard ${name} does not exist`, { statusCode: 404 });
    return dashboard;
  };
  return {
    PutDashboard: (input) => {
      const name = String(input.DashboardName);
      if (!/^[A-Za-z0-9_-]{1,255}$/.test(name)) throw invalidDashboard(`the dashboard name '${name}' is not valid`);
      if (input.Tags !== undefined) throw new UnsupportedFeature('PutDashboard Tags', 'use TagResource');
      checkBody(String(input.DashboardBody));
      dashboards.set(name, { body: String(input.DashboardBody), modifiedMs: cloud.kernel.clock.now() });
      return { DashboardValidationMessages: [] };
    },
    GetDashboard: (input) => {
      const name = String(input.DashboardName);
      return { DashboardArn: dashboardArn(cloud, name), DashboardBody: obtain(name).body, DashboardName: name };
    },
    ListDashboards: (input) => {
      const found = [...dashboards]
        .filter(([name]) => name.startsWith(String(input.DashboardNamePrefix ?? '')))
        .sort(([a], [b]) => (a < b ? -1 : 1));
      const from = pageOffset(input.NextToken);
      return {
        DashboardEntries: found.slice(from, from + PER_PAGE).map(([name, { body, modifiedMs }]) => ({
          DashboardName: name,
          DashboardArn: dashboardArn(cloud, name),
          LastModified: new Date(modifiedMs),
          Size: Buffer.byteLength(body),
        })),
        NextToken: from + PER_PAGE < found.length ? pageToken(from + PER_PAGE) : undefined,
      };
    },
    DeleteDashboards: (input) => {
      const names = ((input.DashboardNames ?? []) as unknown[]).map(String);
      names.forEach(obtain);
      for (const name of names) dashboards.delete(name);
    },
  };
}
