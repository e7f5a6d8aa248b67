# ruff: noqa: E501
"""train_epoch."""

from tests.code.cases import HEAD, changed, wrong

LOOP = (
    HEAD
    + """
def train_epoch(model, optimizer, scheduler, criterion, train_loader, epoch, device):
    model.train()
    losses, accuracies, learning_rates = [], [], []
    for images, labels in train_loader:
        images, labels = images.to(device), labels.to(device)
        optimizer.zero_grad()
        outputs = model(images)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
        accuracies.append((outputs.argmax(dim=1) == labels).float().mean().item())
        learning_rates.append(scheduler.get_last_lr()[0])
    return losses, accuracies, learning_rates
"""
)
BEFORE = LOOP.replace("        learning_rates.append(scheduler.get_last_lr()[0])\n", "").replace(
    "        optimizer.step()\n",
    "        learning_rates.append(optimizer.param_groups[0]['lr'])\n        optimizer.step()\n        optimizer.zero_grad(set_to_none=False)\n",
)
PRINTED = LOOP.replace(
    "    return losses", "    print(f'epoch {epoch}: {sum(losses) / len(losses):.3f}')\n    return losses"
).replace("optimizer.zero_grad()", "model.zero_grad()")
COUNTED = (
    LOOP.replace("for images, labels in train_loader:", "for batch_idx, (images, labels) in enumerate(train_loader):")
    .replace(
        "(outputs.argmax(dim=1) == labels).float().mean().item()",
        "(outputs.max(1)[1] == labels).sum().item() / len(labels)",
    )
    .replace("images.to(device), labels.to(device)", "images.to(device, non_blocking=True), labels.to(device=device)")
)
ON_CPU = changed(
    LOOP,
    ("loss.item()", "loss.detach().cpu().item()"),
    ("(outputs.argmax(dim=1) == labels).float().mean().item()", "(outputs.argmax(dim=1).cpu().numpy() == labels.cpu().numpy()).mean()"),
)  # fmt: skip
TYPED = changed(
    LOOP,
    ("images.to(device), labels.to(device)", "(each.to(device) for each in (images.float(), labels.to(torch.int64)))"),
    ("(outputs.argmax(dim=1) == labels).float()", "(outputs.argmax(dim=1) == labels).to(torch.float32)"),
)
CLOSURE = changed(
    LOOP,
    (
        """        optimizer.zero_grad()
        outputs = model(images)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
""",
        """        def closure():
            nonlocal outputs
            optimizer.zero_grad()
            outputs = model(images)
            loss = criterion(outputs, labels)
            loss.backward()
            return loss

        loss = optimizer.step(closure)
""",
    ),
    ("    for images", "    outputs = None\n    for images"),
)
RIGHT = {
    "the loop": LOOP,
    "the rate before the step": BEFORE,
    "a line printed": PRINTED,
    "counted": COUNTED,
    "numbers by way of the CPU": ON_CPU,
    "types changed": TYPED,
    "a closure": CLOSURE,
    "the loader asked for its sizes": changed(PRINTED, ("epoch {epoch}:", "{len(train_loader)} times {train_loader.batch_size} of {len(train_loader.dataset)}:")),
}  # fmt: skip
STEP, SCHED, ACC = (
    "one optimizer step a batch, after the backward pass",
    "one scheduler step a batch, after the optimizer's",
    "the accuracy of each batch, from 0 to 1",
)
LOSS, GRADIENT, COUNTS = (
    "the loss of each batch",
    "the gradient is that of the batch's mean loss",
    "three lists with one value a batch",
)
WRONG = (
    wrong(LOOP, "no device", ", epoch, device):", ", epoch):", "takes its arguments", False),
    wrong(LOOP, "a name not defined", "criterion(outputs", "loss_fn(outputs", "runs through an epoch", False),
    wrong(LOOP, "only the losses", "return losses, accuracies, learning_rates", "return losses", "runs through an epoch", False),
    wrong(LOOP, "returns in the loop", "    return losses", "        return losses", COUNTS, False),
    wrong(LOOP, "epochs in the epoch", "    for images, labels in train_loader:", "    for images, labels in [pair for _ in range(epoch) for pair in train_loader]:", COUNTS),
    wrong(LOOP, "the model runs twice", "        loss = criterion", "        with torch.no_grad():\n            model(images)\n        loss = criterion", "every batch once", False),
    wrong(LOOP, "scaled on the way", "images.to(device)", "images.to(device) * 2", "every batch once"),
    wrong(LOOP, "train mode forgotten", "    model.train()\n", "", "training mode"),
    wrong(LOOP, "evaluation mode", "model.train()", "model.eval()", "training mode"),
    wrong(LOOP, "not moved", "images, labels = images.to(device), labels.to(device)", "pass", "to the device"),
    wrong(LOOP, "moved, and the old ones used", "images, labels = images.to(device), labels.to(device)", "images.to(device), labels.to(device)", "to the device"),
    wrong(LOOP, "labels not moved", ", labels.to(device)", ", labels", "to the device"),
    wrong(LOOP, "gradients not cleared", "        optimizer.zero_grad()\n", "", "gradients are cleared", False),
    wrong(LOOP, "cleared at every second batch", "        optimizer.zero_grad()\n", "        if len(losses) % 2 == 0:\n            optimizer.zero_grad()\n", "gradients are cleared"),
    wrong(LOOP, "no step", "        optimizer.step()\n", "", STEP, False),
    wrong(LOOP, "step before backward", "        loss.backward()\n        optimizer.step()\n", "        optimizer.step()\n        loss.backward()\n", "-"),
    wrong(LOOP, "steps twice", "        optimizer.step()\n", "        optimizer.step()\n        optimizer.step()\n", STEP),
    wrong(LOOP, "scheduler once an epoch", "        scheduler.step()\n", "        if len(losses) == 0:\n            scheduler.step()\n", SCHED),
    wrong(LOOP, "scheduler forgotten", "        scheduler.step()\n", "", SCHED),
    wrong(LOOP, "the loss as a tensor", "losses.append(loss.item())", "losses.append(loss)", "plain numbers are kept"),
    wrong(LOOP, "the accuracy as a tensor", ".float().mean().item())", ".float().mean())", "plain numbers are kept"),
    wrong(LOOP, "a criterion of its own", "criterion(outputs", "F.cross_entropy(outputs", LOSS),
    wrong(LOOP, "sum of the losses", "loss.item()", "loss.item() * len(labels)", LOSS),
    wrong(LOOP, "running mean", "losses.append(loss.item())", "losses.append((sum(losses) + loss.item()) / (len(losses) + 1))", LOSS),
    wrong(LOOP, "percent", ".float().mean().item())", ".float().mean().item() * 100)", ACC),
    wrong(LOOP, "a count", ".float().mean().item())", ".sum().item())", ACC),
    wrong(LOOP, "over a full batch", ".float().mean().item())", ".sum().item() / 8)", ACC),
    wrong(LOOP, "the first rate throughout", "scheduler.get_last_lr()[0]", "optimizer.defaults['lr']", "the learning rate of each batch"),
    wrong(LOOP, "divided by the number of batches", "loss.backward()", "(loss / len(train_loader)).backward()", GRADIENT, False),
    wrong(LOOP, "gradient clipped hard", "        optimizer.step()\n", "        torch.nn.utils.clip_grad_norm_(model.parameters(), 0.9)\n        optimizer.step()\n", GRADIENT),
    wrong(LOOP, "starts anew", "    model.train()\n", "    model.train()\n    nn.init.normal_(model.linear.weight)\n", "-"),
    wrong(LOOP, "starts anew from the second epoch", "    model.train()\n", "    model.train()\n    if epoch > 1:\n        nn.init.normal_(model.linear.weight)\n", "it really learns"),
)  # fmt: skip
WRONG = tuple(case for case in WRONG if case.check != "-")
