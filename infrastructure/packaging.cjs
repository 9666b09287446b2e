// What packaging does: bundle every function, or, for the template alone, stand one small archive in for all of them.
const templateOnly = process.env.SWITCHYARD_TEMPLATE_ONLY === 'true';

module.exports = {
  plugins: templateOnly ? [] : ['serverless-esbuild'],
  package: templateOnly ? { artifact: 'infrastructure/template-only.zip' } : { individually: true },
};
