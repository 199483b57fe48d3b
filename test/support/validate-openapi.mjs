// Reads an OpenAPI document from standard input and prints { valid, version, problems }. A process of its own, because
// the validator's parts are ES modules.
import { Buffer } from 'node:buffer';
import { compileErrors, validate } from '@readme/openapi-parser';

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const text = Buffer.concat(chunks).toString();
// The validator resolves references in place.
const result = await validate(JSON.parse(text));
const problems = result.valid && result.warnings.length === 0 ? '' : compileErrors(result);
console.log(JSON.stringify({ valid: result.valid, version: JSON.parse(text).openapi, problems }));
