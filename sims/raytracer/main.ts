import { runSimulation } from "./protocol.ts";
import { simulation } from "./simulation.ts";

process.exitCode = runSimulation(simulation, process.argv.slice(2), process.env);
