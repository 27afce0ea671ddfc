// Fixtures as they live: set up when something needs them, torn down in reverse order.
import { inStep } from '../steps.js';
import { fixtureError, parameterNames } from './registration.js';

/** The fixtures of one scope. `outer` is where worker fixtures live. */
export class Fixtures {
  constructor(scope, outer) {
    this.scope = scope;
    this.outer = outer;
    /** Registration → instance, in order of set-up. */
    this.instances = new Map();
  }

  /** The values `fn` asks for, as one object. */
  async forFunction(fn, pool, run, info, what, location) {
    const names = parameterNames(fn, location);
    pool.validate(names, what, location);
    const values = {};
    for (const name of names) values[name] = (await this.get(pool.byName.get(name), pool, run, info)).value;
    return values;
  }

  async setUpAutos(pool, run, info) {
    for (const scope of ['worker', 'test']) for (const registration of pool.autos(scope)) await this.get(registration, pool, run, info);
  }

  async get(registration, pool, run, info) {
    if (registration.scope === 'worker' && this.scope === 'test') return this.outer.get(registration, pool, run, info);
    let instance = this.instances.get(registration);
    if (!instance) {
      instance = new Instance(registration);
      this.instances.set(registration, instance);
      try {
        await instance.setUp(this, pool, run, info);
      } catch (error) {
        instance.error = error;
      }
    }
    if ('error' in instance) throw instance.error;
    return instance;
  }

  /** Tears everything down; `onError` hears what goes wrong, and the rest goes on. */
  async tearDown(run, onError) {
    const instances = [...this.instances.values()].reverse();
    this.instances.clear();
    for (const instance of instances) {
      try { await instance.tearDown(run); } catch (error) { onError(error); }
    }
  }
}

class Instance {
  constructor(registration) {
    this.registration = registration;
    this.value = registration.value;
  }

  async setUp(fixtures, pool, run, info) {
    const registration = this.registration;
    if (!registration.isFunction) return;
    const needs = {};
    for (const name of registration.needs) {
      const needed = pool.resolve(name, registration);
      if (!needed) throw fixtureError(`Fixture "${registration.name}" has unknown parameter "${name}".`, registration.location);
      needs[name] = (await fixtures.get(needed, pool, run, info)).value;
    }
    // What it needs goes down after it.
    fixtures.instances.delete(registration);
    fixtures.instances.set(registration, this);
    const ready = Promise.withResolvers();
    const release = Promise.withResolvers();
    this.release = release.resolve;
    let used = false;
    const use = async value => {
      if (used) throw new Error('Cannot provide fixture value for the second time');
      used = true;
      this.value = value;
      ready.resolve();
      await release.promise;
    };
    const body = async () => {
      await registration.value(needs, use, info);
      if (!used) throw fixtureError(`use() was not called in fixture "${registration.title}"`, registration.location);
    };
    await this.#timed(run, 'setup', () => {
      this.finished = body();
      // Told through `ready` during set-up, and by tearDown later.
      this.finished.catch(error => ready.reject(error));
      return ready.promise;
    });
  }

  async tearDown(run) {
    if (!this.release || 'error' in this) return;
    this.release();
    await this.#timed(run, 'teardown', () => this.finished);
  }

  /** Within the fixture's own timeout, or the one that runs. */
  #timed(run, phase, body) {
    const { title, timeout, location, auto, box } = this.registration;
    const within = () => run(body, { kind: 'fixture', title, phase, timeout, location });
    return !box && this.registration.isFunction
      ? inStep({ category: 'fixture', title: `Fixture ${JSON.stringify(title)}`, location: location ?? null, params: { auto } }, within)
      : within();
  }
}
