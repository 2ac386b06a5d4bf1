/**
 * All that a fault may pull. Levers aim by meaning ("the primary that owns this provider"), never by number; whatever they break
 * they can mend.
 */
import type { Millis } from '../proxy/ports.ts'
import type { Behaviour, Shown } from './providers/model.ts'

/** What came of a fault: proof that it landed, or why there is none. */
export interface Receipt {
  landed: boolean
  because: string
}

/** A lever that has been pulled. */
export interface Pulled {
  /** The way back; resolves when the world is as before. Only the first call counts. */
  undo(): Promise<void>
  /** What was seen of it, asked after the undo: by whoever was hit, not by whoever pulled. */
  seen(): Promise<Receipt>
}

export interface ProviderLever {
  /** From now on the provider behaves so; the answer is the way back to what it did before. */
  behave(behaviour: Behaviour): Promise<() => Promise<void>>
  /** How many attempts this provider has answered so far, by what they showed. */
  answered(): Promise<Readonly<Partial<Record<Shown, number>>>>
}

/** The primary that owns a provider's slot at the moment when the lever is pulled. */
export interface NodeLever {
  /** SIGKILL. Undo: an empty process at the same address, that has joined and is in step. Seen: another node owns the slot. */
  kill(): Promise<Pulled>
  /** SIGSTOP. Undo: SIGCONT, and a node that knows its role. Seen: it did not answer. */
  freeze(): Promise<Pulled>
  /** A graceful fail-over to its replica (`CLUSTER FAILOVER`). Seen: the role changed. */
  failOver(): Promise<Pulled>
  /** Writes are refused with OOM. Seen: the OOM errors it counted. */
  fill(): Promise<Pulled>
  /** `SCRIPT FLUSH`. Seen: the NOSCRIPT errors it counted. */
  flushScripts(): Promise<Pulled>
  /** `FLUSHALL`. Seen: how many keys were there. */
  flush(): Promise<Pulled>
  /** Cuts the clients' connections, once. Seen: how many. */
  dropConnections(): Promise<Pulled>
  /** Puts members into the provider's active set as an older version would have left them. Seen: how many are new. */
  plant(members: readonly string[], score: number): Promise<Pulled>
}

/** Every node of the store. */
export interface StoreLever {
  /** SIGSTOP of all nodes at once: nothing answers, nothing fails over. Undo: SIGCONT. */
  freeze(): Promise<Pulled>
}

export interface SlotLever {
  /**
   * Moves the provider's slot to another primary in the old way: `SETSLOT MIGRATING` and `IMPORTING`, key by key with this pause
   * between the keys, then `SETSLOT NODE`; before the first key it waits for `leadMs`, else for a pause as well. Resolves when the migration has begun; undo waits until it is over.
   * Seen: another node owns the slot.
   */
  migrate(pauseMs: Millis, leadMs?: Millis): Promise<Pulled>
}

/** Which ways between proxies and nodes: all instances, or all nodes, where one is not named. */
export interface LinkAim {
  /** As in an ask's `via`: from 0. */
  instance?: number
  /** The primary that owns this provider's slot when the lever is pulled. */
  provider?: string
}

export interface LinkLever {
  /** Each message takes so much longer, either way. Seen: how many messages did. */
  delay(ms: Millis): Promise<Pulled>
  /** Connections break, and none can be made. Seen: how many broke or were refused. */
  cut(): Promise<Pulled>
  /** Nothing passes, and nobody is told. Seen: how many messages were held back. */
  silence(): Promise<Pulled>
}

/**
 * A proxy instance. One that is killed or terminated gets no new requests until its undo is over, as behind any load balancer:
 * they go to the next instance.
 */
export interface ProxyLever {
  /** SIGKILL. Undo: a new process of the same instance. Seen: how many requests were open in it. */
  kill(): Promise<Pulled>
  /** SIGSTOP; requests go on arriving. Undo: SIGCONT. Seen: how long it did nothing. */
  freeze(): Promise<Pulled>
  /** SIGTERM: it drains. Undo: waits until it has ended, then starts a new one. Seen: that it ended by itself, and how. */
  terminate(): Promise<Pulled>
  /** Its wall clock is wrong by this much. Seen: what it says the time is. */
  skew(byMs: Millis): Promise<Pulled>
  /** An operator ends this session, at this instance. Seen: how many attempts were marked. */
  terminateSession(session: string): Promise<Pulled>
}

export interface Levers {
  provider(id: string): ProviderLever
  node(provider: string): NodeLever
  store(): StoreLever
  slot(provider: string): SlotLever
  link(aim: LinkAim): LinkLever
  /** From 0, as in an ask's `via`. */
  proxy(instance: number): ProxyLever
}

/** The levers of one world: a scenario that needs one it lacks is skipped, with the reason. */
export type WorldLevers = Partial<Levers>
