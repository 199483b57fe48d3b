interface StreamEvent {
  event: string;
  data: { data: { label: string; status: string }[] };
}

/** A listener of server-sent events, as a browser is one. */
export interface EventStream {
  status: number;
  contentType: string | null;
  /** The next event; comments are passed over. */
  next(): Promise<StreamEvent>;
  /** Reads on until the seats named have these statuses, by the snapshot and all changes so far. */
  until(statuses: Record<string, string>): Promise<void>;
  close(): void;
}

function parse(block: string): StreamEvent | null {
  const fields = block.split('\n').map((line) => /^(\w*): ?(.*)$/.exec(line));
  const valueOf = (name: string) =>
    fields.filter((field) => field?.[1] === name).map((field) => field![2]);
  const [event] = valueOf('event');
  if (event === undefined) return null;
  return { event, data: JSON.parse(valueOf('data').join('\n')) as StreamEvent['data'] };
}

export async function openEventStream(url: string): Promise<EventStream> {
  const ending = new AbortController();
  const response = await fetch(url, {
    signal: AbortSignal.any([ending.signal, AbortSignal.timeout(240_000)]),
  });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const known = new Map<string, string>();
  let buffer = '';

  async function next(): Promise<StreamEvent> {
    for (;;) {
      const end = buffer.indexOf('\n\n');
      if (end >= 0) {
        const parsed = parse(buffer.slice(0, end));
        buffer = buffer.slice(end + 2);
        if (!parsed) continue;
        for (const { label, status } of parsed.data.data) known.set(label, status);
        return parsed;
      }
      const { done, value } = await reader.read();
      if (done) throw new Error('The stream has ended');
      buffer += value;
    }
  }

  return {
    status: response.status,
    contentType: response.headers.get('content-type'),
    next,
    async until(statuses) {
      while (Object.entries(statuses).some(([label, status]) => known.get(label) !== status))
        await next();
    },
    close: () => ending.abort(),
  };
}
