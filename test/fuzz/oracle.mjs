// What every answer is held against: the OpenAPI document that the server itself hands out.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { default: Ajv } = require('ajv/dist/2020');
const { default: addFormats } = require('ajv-formats');

/** Answers without an operation of the document: of the router, of the documentation pages, of the HTTP parser. */
const UNDOCUMENTED = [200, 301, 302, 400, 404, 405, 408, 414, 431];

/** @returns a function that says what is wrong with an answer, or null */
export function createOracle(document) {
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats(ajv);
  const { paths, components } = JSON.parse(
    JSON.stringify(document).replaceAll('"#/components/schemas/', '"shared#/$defs/'),
  );
  ajv.addSchema({ $id: 'shared', $defs: components.schemas });
  const templates = Object.keys(paths).map((template) => ({
    template,
    form: new RegExp(`^${template.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
  }));
  templates.sort((a, b) => Number(a.template.includes('{')) - Number(b.template.includes('{')));

  const problemIn = (schema, json) => (ajv.validate(schema, json) ? null : ajv.errorsText());

  /** The media type of the answer and, if it is JSON, its content. */
  function read({ headers, body }) {
    const type = (headers['content-type'] ?? '').split(';')[0];
    if (!/json$/.test(type) || headers['content-encoding']) return { type };
    return { type, json: JSON.parse(body.toString('utf8')) };
  }

  function judgeDocumented(operation, method, answer) {
    const response = operation.responses[answer.status];
    if (!response) return 'a status that the document does not know';
    if (method === 'HEAD' || !response.content) return null;
    const { type, json } = read(answer);
    const media = response.content[type];
    if (!media) return `the type "${type}", which the document does not know`;
    return json === undefined ? null : problemIn(media.schema, json);
  }

  function judgeOther(method, answer) {
    if (!UNDOCUMENTED.includes(answer.status)) return 'a status that is not to be expected';
    if (answer.status === 405 && !answer.headers.allow) return 'no Allow header';
    if (answer.status < 400 || method === 'HEAD') return null;
    const { json } = read(answer);
    return json === undefined
      ? 'no problem document'
      : problemIn({ $ref: 'shared#/$defs/Problem' }, json);
  }

  return ({ method, target }, answer) => {
    if (answer.status >= 500) return 'a server error';
    const path = target.split(/[?#]/)[0];
    const template = templates.find(({ form }) => form.test(path))?.template;
    const documented =
      template && paths[template][method === 'HEAD' ? 'get' : method.toLowerCase()];
    return documented ? judgeDocumented(documented, method, answer) : judgeOther(method, answer);
  };
}
