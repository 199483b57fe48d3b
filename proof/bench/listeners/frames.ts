/** Decodes a chunked HTTP body as it arrives. */
class ChunkReader {
  private unread = '';

  /** @returns the part of the body that is in complete chunks */
  take(text: string): string {
    let body = '';
    const all = this.unread + text;
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
    this.unread = all.slice(at);
    return body;
  }
}

const END_OF_HEAD = '\r\n\r\n';

/** Reads one answer that is a stream of server-sent events. Its text must be ASCII, as labels and statuses are. */
export class FrameReader {
  private readonly chunks = new ChunkReader();
  private head: string | null = '';
  private unread = '';

  /** @returns the frames that are complete. @throws Error when the answer is not such a stream */
  take(text: string): string[] {
    let incoming = text;
    if (this.head !== null) {
      this.head += text;
      const end = this.head.indexOf(END_OF_HEAD);
      if (end < 0) return [];
      if (!this.head.startsWith('HTTP/1.1 200'))
        throw new Error(`not a stream: ${this.head.slice(0, 200)}`);
      incoming = this.head.slice(end + END_OF_HEAD.length);
      this.head = null;
    }
    const frames = (this.unread + this.chunks.take(incoming)).split('\n\n');
    this.unread = frames.pop() ?? '';
    return frames;
  }
}
