/** Bytes of all bodies in flight together: a bound on memory, whatever the number of requests. */
export interface Room {
  /** False when there is no room for so many more. */
  take(bytes: number): boolean
  /** Gives all back that was taken through this one. */
  leave(): void
}

/** Rooms that share one bound. */
export function createRooms(mostBytes: number): () => Room {
  let taken = 0
  return () => {
    let mine = 0
    return {
      take(bytes) {
        if (taken + bytes > mostBytes) return false
        taken += bytes
        mine += bytes
        return true
      },
      leave() {
        taken -= mine
        mine = 0
      },
    }
  }
}
