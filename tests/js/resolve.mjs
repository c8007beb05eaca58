const STATIC = new URL("../../static/", import.meta.url);
const ours = /^(lib|widget|console|settings|inspector)\/[\w/-]+$/;

export function resolve(specifier, context, next) {
  return ours.test(specifier) ? { url: new URL(`${specifier}.js`, STATIC).href, format: "module", shortCircuit: true } : next(specifier, context);
}
