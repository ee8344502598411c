import { testRule } from "../../src/lint/rule-tester.ts";
import { updateArgumentsSwapped } from "./update-arguments-swapped.ts";

testRule(updateArgumentsSwapped);
