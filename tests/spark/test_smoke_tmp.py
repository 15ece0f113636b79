from sparkjobs.config import MergeOutput, Scd2Output
from tests.spark.merging import *
import pytest, time
@pytest.mark.parametrize("f", FORMATS)
@pytest.mark.parametrize("by", [(), ("p",)])
def test_m(spark, tmp_path, f, by):
    out = MergeOutput(format=f, path="x", mode="merge", keys=("k",), order_by=("o",), delete_when="v = 'D'", partition_by=by)
    t = Target(spark, tmp_path/"t", out, "k int, o int, v string, p int")
    for r in ([(1,1,"a",1),(2,1,"b",1)], [(1,2,"c",2),(3,1,"n",1)], [(2,5,"D",1)], [(2,3,"z",1)], [(2,6,"zz",None)], [(2,6,"zz",None)]):
        t0=time.time()
        c = t.publish(r)
        print(f, by, r, "->", t.rows(), c.rows.rows, c.gone.rows, c.unseen and c.unseen.name, round(time.time()-t0,2), t.path.exists())
@pytest.mark.parametrize("f", FORMATS)
def test_s(spark, tmp_path, f):
    out = Scd2Output(format=f, path="x", mode="scd2", keys=("k",), sequence_by="o", delete_when="v = 'D'", )
    t = Target(spark, tmp_path/"t", out, "k int, o int, v string, p int")
    for r in ([(1,1,"a",1),(2,1,"b",1)], [(1,2,"c",2),(3,1,"n",1)], [(2,5,"D",1)], [(2,3,"z",1)], [(2,6,"zz",None)], [(2,6,"zz",None)], [(2,4,"D",9)]):
        t0=time.time()
        c = t.publish(r)
        print(f, r, "->", t.rows(), c.rows.rows, c.gone.rows, c.unseen and c.unseen.name, round(time.time()-t0,2))
