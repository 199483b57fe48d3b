/** One answer, without its body. */
export interface Answered {
  status: number;
  etag: string | null;
  bytes: number;
}

const END_OF_HEAD = Buffer.from('\r\n\r\n');
const NO_BODY = new Set([204, 304]);

/**
 * Reads the answers of one connection, which come one after the other, and counts the bytes of their bodies without
 * keeping them. Of an answer in chunks, as streams are, the first chunk is the answer, and what follows is left alone.
 */
export class AnswerReader {
  private head: Buffer | null = null;
  private answer: Answered | null = null;
  private missing = 0;
  private isStream = false;
  private isDone = false;

  /** The status of the answer whose head has come; null: none has. */
  get status(): number | null {
    return this.answer?.status ?? null;
  }

  /** @returns the answer that is complete now. @throws Error for one of unknown length */
  take(chunk: Buffer): Answered | null {
    if (this.isDone) return null;
    let from = 0;
    if (this.answer === null) {
      const before = this.head?.length ?? 0;
      const head = this.head ? Buffer.concat([this.head, chunk]) : chunk;
      const start = this.readHead(head);
      if (start === null) {
        this.head = head;
        return null;
      }
      this.head = null;
      from = start - before;
    }
    this.missing -= chunk.length - from;
    return this.missing <= 0 ? this.end() : null;
  }

  private end(): Answered {
    const ended = this.answer!;
    if (this.isStream) this.isDone = true;
    else this.answer = null;
    return ended;
  }

  /** @returns where the body begins; null while the head is incomplete */
  private readHead(bytes: Buffer): number | null {
    const headEnd = bytes.indexOf(END_OF_HEAD);
    if (headEnd < 0) return null;
    const head = bytes.toString('latin1', 0, headEnd);
    const status = Number(head.slice(9, 12));
    const etag = /\r\netag: *(\S+)/i.exec(head)?.[1] ?? null;
    let start = headEnd + END_OF_HEAD.length;
    let length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? Number.NaN);
    if (NO_BODY.has(status)) length = 0;
    else if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
      const lineEnd = bytes.indexOf('\r\n', start);
      if (lineEnd < 0) return null;
      length = Number.parseInt(bytes.toString('latin1', start, lineEnd), 16);
      start = lineEnd + 2;
      this.isStream = true;
    }
    if (Number.isNaN(length)) throw new Error(`an answer of unknown length: ${head}`);
    this.answer = { status, etag, bytes: length };
    this.missing = length;
    return start;
  }
}
