import time


def test_try(train, recall_on_training_pairs, toy_data, tiny_model_folder):
    from workbench.models.encoder import TextEncoder
    from workbench.models.loading import load_model

    enc = lambda f: TextEncoder(load_model(f), precision="fp32").encode(toy_data.terms)
    print(
        len(toy_data.anchors),
        len(toy_data.dev.queries),
        "base",
        recall_on_training_pairs(enc(tiny_model_folder)),
    )
    for name, p in [
        ("instant_map", {}),
        ("instant_map", {"learning_rate": 1e-2}),
        ("in_batch", {"layers": "1", "epochs": 8, "learning_rate": 3e-3, "batch_size": 32}),
        ("in_batch", {"layers": "2", "epochs": 8, "learning_rate": 3e-3, "batch_size": 32}),
        ("in_batch", {"layers": "all", "epochs": 8, "learning_rate": 1e-3, "batch_size": 32}),
    ]:
        t = time.time()
        r = train(name, p)
        print(
            name,
            p,
            round(time.time() - t, 2),
            r.result.base,
            r.result.best,
            r.result.chosen,
            recall_on_training_pairs(enc(r.folder)),
        )
