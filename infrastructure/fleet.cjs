// What the catalog makes of each model: registry group, guard alarms, schedule, pipeline. The catalog is checked here, so a
// wrong value fails the packaging with its path and remedy.
const { fleetResources } = require('./fleet.ts');

module.exports = async ({ resolveVariable }) => fleetResources(await resolveVariable('self:provider.stage'));
