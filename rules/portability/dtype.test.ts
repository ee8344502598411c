import { testRule } from "../../src/lint/rule-tester.ts";
import { portableDtype } from "./dtype.ts";

testRule(portableDtype);
