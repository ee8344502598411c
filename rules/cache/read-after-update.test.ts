import { testRule } from "../../src/lint/rule-tester.ts";
import { readAfterUpdate } from "./read-after-update.ts";

testRule(readAfterUpdate);
