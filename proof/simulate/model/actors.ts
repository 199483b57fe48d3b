import { Bell } from '../kernel/bell';
import { Places } from '../kernel/places';
import type { Process, Simulation } from '../kernel/simulation';
import { Thread } from '../kernel/thread';
import type { UnitCosts } from './costs';
import type { Deployment } from './deployment';
import type { Machines } from './machines';
import type { Postgres } from './postgres';
import type { Reservation } from './reservation';
import type { Phase, Temporal } from './temporal';

/** As the worker sets them. */
const WORKFLOW_SLOTS = 40;
const PRINT_SLOTS = 2;
const MAIL_SLOTS = 10;

/**
 * The steps of the parts in which a reservations worker does something. adopt: task, activity, task. settle: task,
 * activity, task. deliver: the two tasks after print and mail, which are others' work.
 */
const WORKER_STEPS: Record<Phase, number> = { adopt: 3, settle: 3, deliver: 2 };
/** Half of what a part costs PostgreSQL is the activity's, half the relay's claim. Not measured apart. */
export const RELAY_SHARE = 0.5;

interface WorkerProcess {
  workflowSlots: Places;
  activitySlots: Places;
  workflowThread: Thread;
  mainThread: Thread;
}

/** The actors, one for each reservation, on their workers. */
export class Actors {
  private readonly workers: WorkerProcess[];
  private readonly printing: Places;
  private readonly mailing: Places;
  /** Elsewhere the mail server is another machine. */
  private readonly catcherMs: number;
  readonly ends = { delivered: 0, expired: 0 };

  constructor(
    private readonly simulation: Simulation,
    private readonly machines: Machines,
    deployment: Deployment,
    private readonly costs: UnitCosts,
    private readonly postgres: Postgres,
    private readonly temporal: Temporal,
    private readonly ttlMs: number,
  ) {
    this.workers = Array.from({ length: deployment.workers }, () => ({
      workflowSlots: new Places(simulation, WORKFLOW_SLOTS),
      activitySlots: new Places(simulation, Math.max(1, deployment.pool - 2)),
      workflowThread: new Thread(simulation, machines.workers),
      mainThread: new Thread(simulation, machines.workers),
    }));
    this.catcherMs = deployment.sharedCores === null ? 0 : costs['mail.catcher'];
    this.printing = new Places(simulation, PRINT_SLOTS * deployment.documentWorkers);
    this.mailing = new Places(simulation, MAIL_SLOTS * deployment.mailWorkers);
  }

  waiting(): { workers: number; printing: number; mailing: number } {
    const workers = this.workers.reduce((sum, one) => sum + one.workflowSlots.waiting + one.activitySlots.waiting, 0);
    return { workers, printing: this.printing.waiting, mailing: this.mailing.waiting };
  }

  /** The relay's call that starts an actor; told twice counts once. */
  *start(reservation: Reservation): Process {
    const { id } = reservation;
    const first = reservation.startedAt === null;
    reservation.startedAt ??= this.simulation.now;
    yield* this.temporal.step(id, 'adopt');
    if (first) this.simulation.spawn(this.life(reservation));
  }

  /** The relay's call that rings an actor; one that has not been started yet is started. */
  *ring(reservation: Reservation): Process {
    if (reservation.startedAt === null) yield* this.start(reservation);
    else yield* this.temporal.step(reservation.id, 'settle');
    reservation.ring?.();
  }

  private *life(reservation: Reservation): Process {
    const bell = new Bell(this.simulation);
    reservation.ring = () => bell.ring();
    yield* this.workflowTask(reservation.id, 'adopt');
    yield* this.activity(reservation.id, 'adopt', this.postgres.read(this.activityMs('adopt')));
    yield* this.workflowTask(reservation.id, 'adopt');
    reservation.adoptedAt = this.simulation.now;
    const endsAt = (reservation.heldAt ?? this.simulation.now) + this.ttlMs;
    if (reservation.paidAt === null) yield bell.next(Math.max(0, endsAt - this.simulation.now));
    yield* this.workflowTask(reservation.id, 'settle');
    yield* this.activity(reservation.id, 'settle', this.postgres.settle(reservation, this.activityMs('settle')));
    yield* this.workflowTask(reservation.id, 'settle');
    if (reservation.confirmedAt === null) this.ends.expired++;
    else yield* this.deliver(reservation);
  }

  private *deliver(reservation: Reservation): Process {
    const { documents, mail } = this.machines;
    const databaseMs = this.costs['postgres.deliver'] / 2;
    yield this.printing.take;
    yield documents.work(this.costs['documents.print']);
    yield* this.postgres.write(databaseMs);
    this.printing.giveBack();
    yield* this.temporal.step(reservation.id, 'deliver');
    yield* this.workflowTask(reservation.id, 'deliver');
    yield this.mailing.take;
    yield mail.work(this.costs['mail.send'] + this.catcherMs);
    yield* this.postgres.write(databaseMs);
    this.mailing.giveBack();
    yield* this.temporal.step(reservation.id, 'deliver');
    yield* this.workflowTask(reservation.id, 'deliver');
    reservation.deliveredAt = this.simulation.now;
    this.ends.delivered++;
  }

  private *workflowTask(id: number, phase: Phase): Process {
    const worker = this.workerOf(id);
    yield worker.workflowSlots.take;
    yield* this.onWorker(worker, phase);
    worker.workflowSlots.giveBack();
    yield* this.temporal.step(id, phase);
  }

  private *activity(id: number, phase: 'adopt' | 'settle', work: Process): Process {
    const worker = this.workerOf(id);
    yield worker.activitySlots.take;
    yield* this.onWorker(worker, phase);
    yield* work;
    worker.activitySlots.giveBack();
    yield* this.temporal.step(id, phase);
  }

  /** The busiest thread has its measured share, the process's other threads together the rest. */
  private *onWorker({ workflowThread, mainThread }: WorkerProcess, phase: Phase): Process {
    const cpuMs = this.costs[`worker.${phase}`] / WORKER_STEPS[phase];
    const share = this.costs['worker.busiest.share'];
    yield* workflowThread.run(cpuMs * share);
    yield* mainThread.run(cpuMs * (1 - share));
  }

  private activityMs(phase: 'adopt' | 'settle'): number {
    return this.costs[`postgres.${phase}`] * (1 - RELAY_SHARE);
  }

  /** A workflow stays with the worker that has it in memory. */
  private workerOf(id: number): WorkerProcess {
    return this.workers[id % this.workers.length]!;
  }
}
