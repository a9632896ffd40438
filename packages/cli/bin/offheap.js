#!/usr/bin/env node
// Here already before the build, so that npm can link it; what it runs is built from src/main.ts.
import "../dist/main.js";
