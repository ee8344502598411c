import { describe, expect, it } from "vitest";
import { allOperators } from "./operator-table.ts";
import { OPERATOR_FACTS_TORCH } from "./operators.generated.ts";
import { OperatorRegistry } from "./registry.ts";

describe("OperatorRegistry", () => {
  const registry = new OperatorRegistry();

  it("finds every operator of the table by the target a document has", () => {
    let count = 0;
    for (const { schema } of allOperators()) {
      const name = schema.slice(0, schema.indexOf("("));
      const [namespace = "", rest = ""] = name.split("::");
      const target = `torch.ops.${namespace}.${rest}${rest.includes(".") ? "" : ".default"}`;
      const operator = registry.find(target);
      expect(operator?.schemaText).toBe(schema);
      expect(operator?.target).toBe(target);
      count++;
    }
    expect(count).toBeGreaterThan(3600);
    expect(OPERATOR_FACTS_TORCH).toMatch(/^2\.13\./);
  });

  it("knows nothing of the rest", () => {
    for (const target of [
      "torch.ops.aten.add.Nonsense",
      "torch.ops.aten.ad.default",
      "torch.ops.aten",
      "torch.ops.higher_order.cond",
      "_operator.add",
      "constructor",
      "",
    ]) {
      expect(registry.find(target), target).toBeUndefined();
    }
  });

  it("has ExecuTorch's two", () => {
    const update = registry.find("torch.ops.executorch.update_cross_attn_cache.default");
    expect(update?.schema.args.map((arg) => arg.name)).toEqual(["value", "cache"]);
    expect(registry.find("torch.ops.executorch.alias.default")?.schema.returns).toHaveLength(2);
  });

  it("takes declarations, also after a look-up failed", () => {
    const own = new OperatorRegistry();
    expect(own.find("torch.ops.mylib.my_op.default")).toBeUndefined();
    own.declare("mylib::my_op(Tensor x, Tensor(a!) y) -> Tensor");
    expect(own.find("torch.ops.mylib.my_op.default")?.schema.args[1]?.alias?.write).toBe(true);
    expect(own.find("#mylib:my_op")?.qualifiedName).toBe("mylib::my_op");
  });

  it("keeps torch's tags", () => {
    expect(registry.find("torch.ops.aten.add.Tensor")?.has("core")).toBe(true);
    expect(registry.find("torch.ops.aten.reshape.default")?.has("composite")).toBe(true);
    expect(registry.find("torch.ops.aten.view.default")?.has("view")).toBe(true);
    expect(registry.find("torch.ops.aten.t_.default")?.has("inplace_view")).toBe(true);
  });
});
