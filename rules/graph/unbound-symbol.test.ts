import { testRule } from "../../src/lint/rule-tester.ts";
import { unboundSymbol } from "./unbound-symbol.ts";

testRule(unboundSymbol);
