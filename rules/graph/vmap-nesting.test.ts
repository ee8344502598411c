import { testRule } from "../../src/lint/rule-tester.ts";
import { vmapNesting } from "./vmap-nesting.ts";

testRule(vmapNesting);
