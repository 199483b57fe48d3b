import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { tidy, type Direction, type Json } from './json-schema';

export interface Components {
  /**
   * The schema as it stands in the document. A schema with an id becomes a component, and a
   * reference is returned.
   */
  schemaOf: (schema: z.ZodType, direction: Direction) => Json;
  readonly schemas: Json;
}

/** The example of a schema; undefined if it has none. */
export function exampleOf(schema: z.ZodType): unknown {
  const examples = schema.meta()?.examples;
  return Array.isArray(examples) ? (examples as unknown[])[0] : undefined;
}

/**
 * Examples are written beside the bodies and parameters that use a schema, so the schema does not
 * repeat them.
 */
const withoutExamples = ({ examples: _, ...schema }: Json): Json => schema;

/** Collects the named schemas of a document. */
export function createComponents(): Components {
  const schemas: Json = {};

  /** @throws Error when two different schemas have one name */
  function add(name: string, schema: Json): void {
    if (schemas[name] !== undefined && !isDeepStrictEqual(schemas[name], schema)) {
      throw new Error(
        `Two different schemas are called ${name}: a request's and an answer's need names of their own`,
      );
    }
    schemas[name] = schema;
  }

  return {
    schemas,
    schemaOf(schema, direction) {
      const made = z.toJSONSchema(schema, {
        target: 'draft-2020-12',
        io: direction === 'answer' ? 'output' : 'input',
        unrepresentable: 'any',
        reused: 'inline',
      });
      // The schema library puts shared schemas under `$defs`; OpenAPI expects them among the
      // components.
      const placed = JSON.parse(
        JSON.stringify(made).replaceAll('"#/$defs/', '"#/components/schemas/'),
      ) as Json;
      const { $schema: _, $defs: definitions = {}, ...rest } = placed;
      for (const [name, definition] of Object.entries(definitions as Record<string, Json>)) {
        // What a patch holds in lists is replaced whole, as in any request.
        const isWhole = direction === 'patch' && rest.$ref !== `#/components/schemas/${name}`;
        add(name, withoutExamples(tidy(definition, isWhole ? 'request' : direction)));
      }
      return withoutExamples(tidy(rest, direction));
    },
  };
}
