// Preloaded where a test run is to go through the JavaScript of the core: `npm test -- --engine js`.

import { useByDefault } from "#src/memory/engine.js";
import { noteUsualEngine } from "./usual-engine.ts";

useByDefault("js");
noteUsualEngine("js");
