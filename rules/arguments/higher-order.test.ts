import { testRule } from "../../src/lint/rule-tester.ts";
import { higherOrder } from "./higher-order.ts";

testRule(higherOrder);
