import type { Findings } from './findings';

/** What a deployment has to keep. */
export interface Goals {
  /** 99 of 100 holds, refusals and payments are answered within this, in every second. */
  answerMs: number;
  /** 99 of 100 payments are confirmed within this. */
  confirmSeconds: number;
  /** 99 of 100 tickets are mailed within this of the payment. */
  ticketMinutes: number;
}

const GOAL_NAMES = ['answers', 'confirmations', 'tickets'] as const;
export type GoalName = (typeof GOAL_NAMES)[number];

/** Which goals a run has missed. */
export function missed(found: Findings, goals: Goals): GoalName[] {
  const kept: Record<GoalName, boolean> = {
    answers: found.worstP99Ms <= goals.answerMs,
    confirmations: found.confirmP99Seconds <= goals.confirmSeconds,
    tickets: found.ticketP99Seconds <= 60 * goals.ticketMinutes,
  };
  return GOAL_NAMES.filter((name) => !kept[name]);
}
