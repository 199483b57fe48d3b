/** Takes the chunks of a chunked HTTP body apart, as they come in. */
class ChunkReader {
  private rest = '';

  /** @returns what of the body has come to an end of a chunk */
  take(text: string): string {
    let body = '';
    const all = this.rest + text;
    let at = 0;
    for (;;) {
      const lineEnd = all.indexOf('\r\n', at);
      if (lineEnd < 0) break;
      const size = Number.parseInt(all.slice(at, lineEnd), 16);
      const start = lineEnd + 2;
      if (all.length < start + size + 2) break;
      body += all.slice(start, start + size);
      at = start + size + 2;
    }
    this.rest = all.slice(at);
    return body;
  }
}

const END_OF_HEAD = '\r\n\r\n';

/** Reads one answer that is a stream of server-sent events. Its text must be ASCII, as labels and statuses are. */
export class FrameReader {
  private readonly chunks = new ChunkReader();
  private head: string | null = '';
  private rest = '';

  /** @returns the frames that are whole by now. @throws Error when the answer is not such a stream */
  take(text: string): string[] {
    let incoming = text;
    if (this.head !== null) {
      this.head += text;
      const end = this.head.indexOf(END_OF_HEAD);
      if (end < 0) return [];
      if (!this.head.startsWith('HTTP/1.1 200')) throw new Error(`not a stream: ${this.head.slice(0, 200)}`);
      incoming = this.head.slice(end + END_OF_HEAD.length);
      this.head = null;
    }
    const frames = (this.rest + this.chunks.take(incoming)).split('\n\n');
    this.rest = frames.pop() ?? '';
    return frames;
  }
}
