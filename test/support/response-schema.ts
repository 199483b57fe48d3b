import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { closeAnswers } from './close-answers.cjs';

interface Response {
  content?: Record<string, { schema: object; 'x-oai-itemSchema'?: ItemSchema }>;
}

/** One server-sent event of a stream. */
interface ItemSchema {
  properties: { event: object; data: { contentSchema: object } };
}

type Operations = Record<string, { responses: Record<string, Response> }>;

export interface OpenApiDocument {
  paths: Record<string, Operations>;
  components: { schemas: Record<string, object> };
}

/** What came back for one request. */
export interface Exchange {
  method: string;
  path: string;
  status: number;
  contentType: string;
  /** As parsed; undefined for what is not JSON. */
  json: unknown;
}

const PROBLEM = 'application/problem+json';
const EVENT_STREAM = 'text/event-stream';

/**
 * Holds every answer against the OpenAPI document that the server itself hands out: the status and the media type must
 * be written there for the operation, and JSON must be as its schema says, without a field or value that it does not name.
 */
export class ResponseSchemas {
  private readonly ajv = new Ajv2020({ strict: false, allErrors: true });
  private readonly document: OpenApiDocument;
  private readonly templates: { template: string; form: RegExp }[];

  constructor(document: OpenApiDocument) {
    addFormats(this.ajv);
    // Shared schemas become one schema of their own, so that each answer's can be compiled alone.
    const text = JSON.stringify(closeAnswers(document)).replaceAll(
      '"#/components/schemas/',
      '"shared#/$defs/',
    );
    this.document = JSON.parse(text) as OpenApiDocument;
    this.ajv.addSchema({ $id: 'shared', $defs: this.document.components.schemas });
    // Paths without parameters first: they win, as in the router.
    this.templates = Object.keys(document.paths)
      .sort((a, b) => Number(a.includes('{')) - Number(b.includes('{')))
      .map((template) => ({
        template,
        form: new RegExp(`^${template.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
      }));
  }

  /** @throws Error that says what does not fit. */
  check(exchange: Exchange): void {
    const { method, path, status, contentType, json } = exchange;
    const what = `${method} ${path} answered ${status} ${contentType}`;
    const bare = path.split('?')[0]!;
    const template = this.templates.find(({ form }) => form.test(bare))?.template;
    const operation =
      template === undefined ? undefined : this.document.paths[template]?.[method.toLowerCase()];
    if (template === undefined || !operation) {
      // No operation: it can only be refused, in the form of every error.
      if (status >= 400) this.validate({ $ref: 'shared#/$defs/Problem' }, json, what);
      return;
    }
    const response = operation.responses[status];
    if (!response)
      throw new Error(`${what}, which the document does not know: ${JSON.stringify(json)}`);
    const mediaType = contentType.split(';')[0]!.trim();
    if (!response.content) {
      if (mediaType !== '') throw new Error(`${what}, with a body that the document does not know`);
      return;
    }
    const media = response.content[mediaType];
    if (!media) throw new Error(`${what}, a type that the document does not know`);
    if (json === undefined) return;
    this.validate(media.schema, json, what);
    if (mediaType === PROBLEM && (json as { status: unknown }).status !== status) {
      throw new Error(`${what}, but the problem says ${JSON.stringify(json)}`);
    }
  }

  /**
   * Holds one server-sent event against the document, with its data.
   * @param template the path of its stream, as the document writes it
   * @throws Error that says what does not fit, or that the document describes no events.
   */
  checkEvent(template: string, { event, data }: { event: string; data: unknown }): void {
    const what = `GET ${template} sent the event ${event}`;
    const media = this.document.paths[template]?.get?.responses[200]?.content?.[EVENT_STREAM];
    const schema = media?.['x-oai-itemSchema'];
    if (!schema) throw new Error(`${what}, and the document describes no events of this stream`);
    this.validate(schema, { event, data: JSON.stringify(data) }, what);
    this.validate(schema.properties.data.contentSchema, data, what);
  }

  private validate(schema: object, json: unknown, what: string): void {
    // Compiled once for each schema object.
    if (this.ajv.validate(schema, json)) return;
    throw new Error(
      `${what}, not as its schema says: ${this.ajv.errorsText()} in ${JSON.stringify(json)}`,
    );
  }
}
