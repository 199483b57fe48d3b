import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Case, Target } from './case';

const peerFigures = z.strictObject({
  hold10: z.number().positive().optional(),
  hold40: z.number().positive().optional(),
  raceMeanMs: z.number().positive().optional(),
  flashRps: z.number().positive().optional(),
  flashLosersP50Ms: z.number().positive().optional(),
});

/** Figures of another system, measured on the same machine. */
export type PeerFigures = z.output<typeof peerFigures>;

/** @throws Error with one line when the file cannot be used */
export function readPeer(file: string): PeerFigures {
  try {
    return peerFigures.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    const why =
      error instanceof z.ZodError
        ? z.prettifyError(error).replaceAll('\n', ' ')
        : (error as Error).message;
    throw new Error(`--peer ${file} cannot be used: ${why}`, { cause: error });
  }
}

interface Comparison {
  caseId: string;
  with: keyof PeerFigures;
  /** The figure of ours. */
  figure: string;
  title: string;
  bound: { atLeast: number } | { atMost: number };
}

const COMPARISONS: readonly Comparison[] = [
  ...([10, 40] as const).map((connections) => ({
    caseId: `burst-${connections}`,
    with: `hold${connections}` as const,
    figure: 'oursPerSecond',
    title: 'holds per second, relative to the peer',
    bound: { atLeast: connections === 40 ? 4 : 2 },
  })),
  {
    caseId: 'race',
    with: 'raceMeanMs',
    figure: 'oursMeanMs',
    title: 'mean latency, relative to the peer',
    bound: { atMost: 0.4 },
  },
  {
    caseId: 'crowd',
    with: 'flashRps',
    figure: 'oursPerSecond',
    title: 'requests per second, relative to the peer',
    bound: { atLeast: 1.5 },
  },
  {
    caseId: 'crowd',
    with: 'flashLosersP50Ms',
    figure: 'oursLosersP50Ms',
    title: 'losers’ p50, relative to the peer',
    bound: { atMost: 0.5 },
  },
];

/** Adds to the cases the comparisons that the figures of the peer allow. */
export function compareWith(peer: PeerFigures, cases: readonly Case[]): Case[] {
  return cases.map((subject) => {
    const further = COMPARISONS.flatMap((one): Target[] => {
      const theirs = peer[one.with];
      if (one.caseId !== subject.id || theirs === undefined) return [];
      return [{ title: one.title, of: (figures) => figures[one.figure]! / theirs, ...one.bound }];
    });
    return { ...subject, targets: [...subject.targets, ...further] };
  });
}
