import { Bell } from '../../proof/simulate/kernel/bell';
import { Cores } from '../../proof/simulate/kernel/cores';
import { Flusher } from '../../proof/simulate/kernel/flusher';
import { Places } from '../../proof/simulate/kernel/places';
import { createChance } from '../../proof/simulate/kernel/random';
import { Simulation, type Process } from '../../proof/simulate/kernel/simulation';
import { Latencies } from '../../proof/simulate/model/latencies';

/** Customers who come at random to servers who take random times; what they spend there, waiting included. */
function meanTimeAt(options: { place: 'line' | 'shared'; servers: number; load: number; seed: number }): number {
  const { place, servers, load, seed } = options;
  const simulation = new Simulation();
  const chance = createChance(seed, 'queue');
  const places = new Places(simulation, servers);
  const cores = new Cores(simulation, servers);
  const customers = 200_000;
  let total = 0;
  function* customer(): Process {
    const came = simulation.now;
    const service = chance.exponential(1);
    if (place === 'shared') yield cores.work(service);
    else {
      yield places.take;
      yield simulation.sleep(service);
      places.giveBack();
    }
    total += simulation.now - came;
  }
  function* door(): Process {
    for (let index = 0; index < customers; index++) {
      yield simulation.sleep(chance.exponential(1 / (load * servers)));
      simulation.spawn(customer());
    }
  }
  simulation.spawn(door());
  simulation.run();
  return total / customers;
}

/** The theory of M/M/c: the mean time at the servers, in mean service times. */
function theoryTime(servers: number, load: number): number {
  const offered = servers * load;
  let term = 1;
  let sum = 1;
  for (let index = 1; index < servers; index++) {
    term *= offered / index;
    sum += term;
  }
  const last = (term * offered) / servers / (1 - load);
  const waits = last / (sum + last); // Erlang C
  return 1 + waits / (servers * (1 - load));
}

describe('queues against theory', () => {
  test.each([
    [1, 0.5],
    [1, 0.8],
    [4, 0.8],
  ])('M/M/%i at load %d: a line in order, and shared cores', (servers, load) => {
    const theory = theoryTime(servers, load);
    const inLine = meanTimeAt({ place: 'line', servers, load, seed: 1 });
    const shared = meanTimeAt({ place: 'shared', servers, load, seed: 2 });
    expect(Math.abs(inLine / theory - 1)).toBeLessThan(0.03);
    // The mean does not depend on whether the servers are shared or taken in turn, when service times are exponential.
    expect(Math.abs(shared / theory - 1)).toBeLessThan(0.03);
  });

  test('one seed gives one run, another seed another', () => {
    const run = (seed: number) => meanTimeAt({ place: 'line', servers: 1, load: 0.5, seed });
    expect(run(7)).toBe(run(7));
    expect(run(7)).not.toBe(run(8));
  });
});

describe('the clock', () => {
  test('what is due at one moment happens in the order of planning, whatever else is planned', () => {
    const simulation = new Simulation();
    const happened: string[] = [];
    const chance = createChance(1, 'order');
    for (let index = 0; index < 500; index++) {
      const time = chance.below(20);
      simulation.at(time, () => happened.push(`${String(time).padStart(2, '0')} ${String(index).padStart(3, '0')}`));
    }
    simulation.run();
    expect(happened).toEqual([...happened].sort());
    expect(happened).toHaveLength(500);
  });

  test('nothing is planned in the past', () => {
    const simulation = new Simulation();
    simulation.at(10, () => undefined);
    simulation.run();
    expect(() => simulation.at(9, () => undefined)).toThrow('past');
    expect(() => simulation.at(NaN, () => undefined)).toThrow('past');
  });
});

describe('places', () => {
  test('who waits is served first come, first served', () => {
    const simulation = new Simulation();
    const places = new Places(simulation, 2);
    const order: number[] = [];
    function* visitor(index: number): Process {
      yield places.take;
      order.push(index);
      yield simulation.sleep(10);
      places.giveBack();
    }
    for (let index = 0; index < 7; index++) simulation.spawn(visitor(index));
    expect(places.waiting).toBe(5);
    simulation.run();
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(simulation.now).toBe(40);
    expect(places.takenMs()).toBe(70);
  });
});

describe('shared cores', () => {
  test('three jobs on two cores get two thirds each, and none more than one core', () => {
    const simulation = new Simulation();
    const cores = new Cores(simulation, 2);
    const ends: number[] = [];
    for (const work of [20, 20, 60]) cores.work(work)(() => ends.push(simulation.now));
    simulation.run();
    // 20 ms of work take 30 ms among three; then the last has 40 left and a core for itself.
    expect(ends.map((end) => Math.round(end))).toEqual([30, 30, 70]);
    expect(Math.round(cores.busyMs())).toBe(100);
  });

  test('who stands back gets less, but what others cannot use is his', () => {
    const simulation = new Simulation();
    const cores = new Cores(simulation, 2);
    const ends: Record<string, number> = {};
    const begin = (name: string, at: ReturnType<Cores['at']>, work: number): void =>
      at.work(work)(() => void (ends[name] = Math.round(simulation.now)));
    // One in front has a core for itself; the two behind share the other.
    begin('front', cores.at(0), 30);
    begin('behind', cores.at(5), 30);
    begin('behind too', cores.at(5), 30);
    simulation.run();
    expect(ends).toEqual({ front: 30, behind: 45, 'behind too': 45 });
  });

  test('among many a step of niceness is worth a quarter', () => {
    const simulation = new Simulation();
    const cores = new Cores(simulation, 1);
    let behindMs = 0;
    cores.at(1).work(1_000)(() => (behindMs = simulation.now));
    for (let index = 0; index < 9; index++) cores.at(0).work(100_000)(() => undefined);
    simulation.run(200_000);
    // Its weight is 1 / 1.25 beside nine of weight 1.
    expect(behindMs).toBeCloseTo((1_000 * (9 + 0.8)) / 0.8, 3);
  });
});

describe('flushes', () => {
  test('what comes during a flush shares the next', () => {
    const simulation = new Simulation();
    const flusher = new Flusher(simulation, 10);
    const ends: number[] = [];
    for (const at of [0, 1, 9, 25]) simulation.at(at, () => flusher.commit(() => ends.push(simulation.now)));
    simulation.run();
    expect(ends).toEqual([10, 20, 20, 35]);
    expect(flusher.flushes).toBe(3);
  });
});

describe('a bell', () => {
  test('is heard at once, after its time, or when it rang before', () => {
    const simulation = new Simulation();
    const bell = new Bell(simulation);
    const heard: number[] = [];
    const listen = (maxMs: number) => bell.next(maxMs)(() => heard.push(simulation.now));
    simulation.at(0, () => listen(200));
    simulation.at(50, () => bell.ring());
    simulation.at(60, () => listen(200));
    simulation.at(300, () => bell.ring());
    simulation.at(310, () => listen(200));
    simulation.run();
    expect(heard).toEqual([50, 260, 310]);
  });
});

test('percentiles of counted durations are right within three per cent', () => {
  const latencies = new Latencies();
  for (let ms = 1; ms <= 1000; ms++) latencies.add(ms);
  for (const share of [0.1, 0.5, 0.99]) {
    expect(Math.abs(latencies.percentile(share) / (1000 * share) - 1)).toBeLessThan(0.03);
  }
  expect(latencies.mean()).toBe(500.5);
});
