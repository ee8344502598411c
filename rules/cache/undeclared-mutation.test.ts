import { testRule } from "../../src/lint/rule-tester.ts";
import { undeclaredMutation } from "./undeclared-mutation.ts";

testRule(undeclaredMutation);
