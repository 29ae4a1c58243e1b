// What the client's published declarations promise, its implementation keeps: each of these assigns the one to the other.
import type * as said from "./web/client/wireside.js";
import type { Room } from "./web/client/room.js";
import type { Program, Socket } from "./web/client/program.js";

export const room = (real: Room): said.Room => real;
export const program = (real: Program): said.Program => real;
export const socket = (real: Socket): said.Socket => real;
