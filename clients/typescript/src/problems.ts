import { PROBLEM_CODES, type components } from './openapi.ts';

type Document = components['schemas']['Problem'];

/** Every `code` that the API had when this client was made. */
export type ProblemCode = (typeof PROBLEM_CODES)[number];

/**
 * What an error is decided by: the API's codes; `unknown_problem` for one that the API has got since;
 * `no_answer` where there was none, so that nobody knows whether the call took effect.
 */
export type ErrorCode = ProblemCode | 'unknown_problem' | 'no_answer';

/** What the problem of a code has beside what all have. */
interface Details {
  validation_failed: Required<Pick<Document, 'errors'>>;
  seats_unavailable: Required<Pick<Document, 'seats' | 'unavailable'>>;
  refund_exceeds_payment: Required<Pick<Document, 'left'>>;
  ticket_void: Required<Pick<Document, 'why'>>;
  /** `code` as the API said it. */
  unknown_problem: { was: string };
  no_answer: { cause: unknown };
}

export type Problem<Code extends ErrorCode = ErrorCode> = Omit<Document, 'code'> & {
  code: Code;
} & (Code extends keyof Details ? Details[Code] : unknown);

/** An answer that is none of success, or no answer. `error.code` narrows `error.problem`. */
export class HoldfastError<Code extends ErrorCode = ErrorCode> extends Error {
  readonly code: Code;
  /** 0 without an answer. */
  readonly status: number;
  readonly problem: Problem<Code>;
  /** Seconds after which the API wants to be asked again; undefined: it said nothing. */
  readonly retryAfter: number | undefined;

  constructor(problem: Problem<Code>, retryAfter?: number) {
    super(`${problem.code}: ${problem.detail}`, 'cause' in problem ? { cause: problem.cause } : {});
    this.name = 'HoldfastError';
    this.code = problem.code;
    this.status = problem.status;
    this.problem = problem;
    this.retryAfter = retryAfter;
  }
}

/** A union by `code`: `if (isHoldfastError(error) && error.code === 'seats_unavailable') error.problem.seats`. */
export type AnyHoldfastError = { [Code in ErrorCode]: HoldfastError<Code> }[ErrorCode];

export const isHoldfastError = (error: unknown): error is AnyHoldfastError =>
  error instanceof HoldfastError;

const isKnown = (code: unknown): code is ProblemCode =>
  (PROBLEM_CODES as readonly unknown[]).includes(code);

/** Seconds of a `Retry-After` header, which may be a date. */
function secondsOf(header: string | null): number | undefined {
  if (header === null) return undefined;
  if (/^\d+$/.test(header)) return Number(header);
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, (at - Date.now()) / 1000);
}

/** The error that an answer stands for, whoever gave it: a proxy's page has no `code`. */
export async function errorOf(response: Response): Promise<HoldfastError> {
  const body = (await response.json().catch(() => null)) as Partial<Document> | null;
  const retryAfter = secondsOf(response.headers.get('retry-after'));
  const shown = {
    type: 'about:blank',
    title: response.statusText,
    status: response.status,
    detail: `The answer was ${response.status}.`,
    instance: `urn:holdfast:request:${response.headers.get('x-request-id') ?? ''}`,
    ...(typeof body === 'object' ? body : {}),
  };
  const { code } = shown as { code?: unknown };
  const problem = isKnown(code)
    ? { ...shown, code }
    : { ...shown, code: 'unknown_problem', was: typeof code === 'string' ? code : '' };
  return new HoldfastError(problem as Problem, retryAfter);
}

/** The error of a call that was not answered. */
export const noAnswer = (cause: unknown): HoldfastError<'no_answer'> =>
  new HoldfastError<'no_answer'>({
    type: 'about:blank',
    title: 'No answer',
    status: 0,
    code: 'no_answer',
    detail: `The API did not answer: ${cause instanceof Error ? cause.message : String(cause)}`,
    instance: '',
    cause,
  });
