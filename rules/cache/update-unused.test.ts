import { testRule } from "../../src/lint/rule-tester.ts";
import { updateUnused } from "./update-unused.ts";

testRule(updateUnused);
